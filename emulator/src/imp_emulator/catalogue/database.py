# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the products' databases hold and the emulator does not, so that it can say so in place of "there is no such".

Names are those of Cisco's database dictionaries, command references and samples, and of statements that users have
published. The lists are not complete.
"""

from __future__ import annotations

_DIALPLAN = """
    aardialprefixmatrix aarneighborhood applicationdialrule availdialplan callerfilterlist callerfilterlistmember
    callforwardalloverride callforwarddynamic callforwardhistorydynamic callingsearchspace callingsearchspacemember
    ccdadvertisingserviceprofile ccdhosteddn ccdhosteddngroup ccdrequestingserviceprofile cmcinfo datetimesetting
    dialplan dialplantag digitdiscardinstruction digitdiscardinstructionmember facinfo linegroup linegroupnumplanmap
    numplan numplandynamic pickupgroup pickupgrouplinemap routefilter routegroup routegroupdevicemap routelist
    routepartition timeperiod timeschedule timescheduletimeperiodmap voicemessagingpilot voicemessagingprofile
    blockingcsslookup mlppdomain
"""
_DEVICES = """
    analogaccess analogaccessport blfdirectedcallpark blfspeeddial busylampfield callmanager callmanagergroup
    callmanagergroupmember commondeviceconfig commonphoneconfig commonphoneconfigxml commonprofile defaults device
    deviceaddonmodulemap deviceemsyn devicefeaturemember devicehlogdynamic devicemobilitydynamic devicemobilitygroup
    devicemobilityinfo devicenumplanmap devicenumplanmapendusermap devicenumplanmapremdestmap devicepool
    devicepooldevicemobilityinfomap deviceprivacydynamic devicereset devicetftpdynamic digitalaccessbri digitalaccesspri
    dnddynamic extensionmobilitydynamic gatekeeper gatewaylayout location mediaresourcegroup mediaresourcegroupmember
    mediaresourcelist mediaresourcelistmember mgcp mgcpdevicemember mohaudiosource mohserver personaladdressbook
    phonebutton phonetemplate physicallocation recordingdynamic recordingprofile region regionmatrix registrationdynamic
    remotedestination remotedestinationdynamic sdpattributelist securityprofile sipdevice sipnormalizationscript
    sipprofile siptrunkdestination softkeyset softkeytemplate speeddial srst telecasterservice
    telecastersubscribedservice
"""
_USERS = """
    applicationuser applicationusercapfmap applicationusercapfmapdynamic applicationuserdevicemap
    applicationuserdirgroupmap applicationusernumplanmap appserver appserverapplicationusermap appserverinfo
    credential credentialdynamic credentialhistory credentialpolicy credentialpolicydefault crsapplication
    crsuserclusterspecific directorypluginattribute directorypluginhost directorypluginschedule enduserappservermap
    endusercapfmap enduserdevicemap enduserlicense endusernumplanmap functionrole functionroledirgroupmap
    functionroleresourcemap ldapauthentication ldapauthenticationhost ldapfilter ucservice ucserviceprofile
    ucserviceprofiledetail ucservicexml ucuserprofile
"""
_SERVERS = """
    alarmconfig alarmmonitorcapabilities alarmusertext batfileinfo batfileinfojobmap batinputdata
    batinputdatajobmap batjob batjobresults billingserver cdrmconfig certificate certificatehashmap
    certificateprocessnodemap certificateservicecertificatemap certificatetrustrolemap componentversion drfcomponent
    processnodeservice remotecluster remoteclusterservicemap replicationdynamic scheduledtask
"""
_TYPES = """
    typealarmseverity typecertificateoperation typecertificateservice typecertificatestatus typeclass typecountry
    typedeviceprotocol typedevicesecuritymode typedistributealgorithm typedtmfsignaling typeeosuppvoicecall
    typekeyauthority typelampblinkrate typemodel typepatternusage typepersonalphonenumber typeproduct typeqsigvariant
    typereset typesipsessionrefreshmethod typesiprel1xxoptions typesiptrunkcalllegsecurity typestatus
    typesupportsfeature typetracelevel typetracelevelgrouping typetrustrole typetunneledprotocol typeuserassociation
    typeuserlocale
"""
_PRESENCE = """
    cupsinterclusterpeers externaldatabases ftextdbprocessnodemap groups
    groupssynclog nonpresencecontacts pebackendgateway rosters rosterssynclog tcaliases xmpps2ssnodes
"""
_INFORMIX = """
    sysconstraints sysdefaults sysindexes sysprocedures sysreferences syssynonyms systabauth systriggers sysusers
    sysviews
"""

_FUNCTIONS = """
    acos add_months ascii asin atan atan2 ceil charindex chr concat cos current current_date current_timestamp date
    day dbinfo decode exp extend floor greatest hex initcap instr last_day least left ln log10 logn lpad mdy month
    months_between nvl2 octet_length pow power quarter range reverse right root rpad sin space sqrt stdev sysdate
    tan to_char to_date to_number today trunc user variance weekday year
"""

_OF_USERS = """
    building fkcallingsearchspace_restrict fkmatrix_presence fkucserviceprofile fkucuserprofile
    nickname ocsprimaryuseraddress passwordreverse primarynodeid site tkuserlocale uniqueidentifier xml
"""
_OF_OTHERS = "nameforcontrol tkreset tktracelevelgroups"

TABLES = frozenset(f"{_DIALPLAN} {_DEVICES} {_USERS} {_SERVERS} {_TYPES} {_PRESENCE} {_INFORMIX}".split())
"""Public tables of the databases of Unified CM and of IM and Presence; one that the emulator has too is no matter."""

COLUMNS = frozenset(f"{_OF_USERS} {_OF_OTHERS}".split())
"""Columns of tables that the emulator has, but without these."""

FUNCTIONS = frozenset(_FUNCTIONS.split())
"""Functions of Informix that the emulator does not have; those without parentheses stand where a column could."""

PARAMETERS: dict[str, tuple[str, ...]] = {
    "Enterprise Wide": (
        "AdvertiseG722Codec",
        "AutoSelectDNOnAnyPartition",
        "BLFForCallLists",
        "CCMUserOptionsPortalDefaultServer",
        "CCMUserShowCallForward",
        "CCMUserShowConferencingScheduler",
        "CCMUserShowDownload",
        "CCMUserShowIPPhoneServicesSettings",
        "CCMUserShowPhoneLocale",
        "CCMUserShowRingSettings",
        "CCMUserShowVideoConferencingScheduler",
        "CCMUserShowVoicemailIVROption",
        "RollBackToPreGrayback",
        "URILookupPolicy",
    ),
    "Cisco CallManager": (
        "CallDiagnosticsEnabled",
        "CdrLogCallsWithZeroDurationFlag",
    ),
}
"""Parameters that every cluster has, by service."""
